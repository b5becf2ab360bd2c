"""Mail: what leaves as e-mail, by an SMTP server or into a folder; knows no accounts."""
