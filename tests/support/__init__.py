"""What several tests share: a fixed moment, actors, and makers of the smallest valid things."""
