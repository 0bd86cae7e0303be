"""`python -m tests.fakes.slack_api`: Slack in a process of its own."""

from tests.fakes.slack_api.process import main

if __name__ == "__main__":
    main()
