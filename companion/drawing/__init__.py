"""What all figures stand on: checks of their input, images, a figure that knows its data."""
