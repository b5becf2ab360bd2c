"""What is done to a picture, one verb a file: detect, mesh, align, embed."""
