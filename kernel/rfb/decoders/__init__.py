"""One module for each encoding that carries pixels. Each is given a rectangle that lies inside of the picture."""
