"""The dashboard: pages of Streamlit that read the warehouse with Snowflake's connector and nothing else."""

from deployments.dashboard.access import Access, Answer, WrongQuestionError, hand_over

__all__ = ["Access", "Answer", "WrongQuestionError", "hand_over"]
