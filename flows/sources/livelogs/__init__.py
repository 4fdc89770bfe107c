"""Live logs and gifts: the tabs of a Google Sheet, or exports of them."""
