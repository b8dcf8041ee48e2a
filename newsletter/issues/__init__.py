"""The edition: publications, issues, revisions, states, approval, composing."""
