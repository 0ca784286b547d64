"""One file for each side of a team mailbox. They are strangers to each other, and found by walking."""
