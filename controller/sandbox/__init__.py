"""A simulated Microsoft 365 tenant: Entra sign-in, Microsoft Graph and the Exchange Online admin API on
loopback. It shares no code with the controller's clients, so that a misreading cannot hide in both ends;
every oddity it serves cites the source it rests on."""
