"""How numbers are computed fast: products, elementwise functions, machine code."""
