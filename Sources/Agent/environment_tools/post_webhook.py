"""Posts one message to a webhook.

Reads `[URL, BODY]` as JSON from stdin, since the address is a secret. Says on stderr in one line why
the message was not taken, without the address.

Exit status: 0 taken, 1 refused for good, 75 worth another try (EX_TEMPFAIL, sysexits.h).
"""

import json
import sys
import urllib.error
import urllib.request

# ntfy makes its message of the template in the headers (docs.ntfy.sh/publish, "Message templating");
# Slack and Discord read no such header.
HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "train-agent",
    "X-Template": "yes",
    "X-Message": "{{.message}}",
}

url, body = json.load(sys.stdin)
try:
    request = urllib.request.Request(url, body.encode(), HEADERS)
    urllib.request.urlopen(request, timeout=5).close()
except urllib.error.HTTPError as error:
    print(f"HTTP {error.code}", file=sys.stderr)
    sys.exit(75 if error.code == 429 or error.code >= 500 else 1)
except Exception as error:
    # The text of other errors may hold the address.
    reason = getattr(error, "reason", None)
    print(reason if isinstance(reason, OSError) else type(error).__name__, file=sys.stderr)
    sys.exit(75)
