"""Who agreed to what: lists, people, subscriptions, consent and suppression.

Knows neither issues nor SMTP nor HTTP. A use-case returns a decision, such as
`ConfirmationDue`; somebody above acts on it.
"""
