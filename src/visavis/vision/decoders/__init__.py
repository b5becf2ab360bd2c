"""What each family of learned graph expects and means: tensors in, boxes and points out."""
