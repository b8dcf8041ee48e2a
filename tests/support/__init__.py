"""What several tests share: a migrated database, a fixed clock, makers of the smallest valid things."""
