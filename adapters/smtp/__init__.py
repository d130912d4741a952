"""Mail by any SMTP server: no library does it pooled, pipelined and by deadlines (decision 22)."""
