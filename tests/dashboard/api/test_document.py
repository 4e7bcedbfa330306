"""The API is what its OpenAPI document says, and answers in JSON whatever it is asked."""

import json
from typing import Any

from tests.dashboard.api.client import ApiClient, body
