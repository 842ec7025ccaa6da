"""Old copies in work/, and what they ask of the package."""
