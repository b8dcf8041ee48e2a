"""Use-cases of readers that need both packages, each in one transaction: sign up, confirm, leave."""
