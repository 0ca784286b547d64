"""The revisions, oldest first by name. Each stands for itself: none imports the tables of today."""
