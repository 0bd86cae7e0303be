"""The e-mail destination: letters to a relay over SMTP, once each, as far as anybody can tell."""
