"""S3, sending an issue: to whom, from whom, checked, tried, approved, and when."""
