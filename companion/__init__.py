"""What the book does with the mathematics: runs, experiments, studies, figures, claims, pages."""
