"""What a person can do with Visavis, one noun a file; doors call these and nothing below."""
