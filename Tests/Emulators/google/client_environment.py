"""The environment, and boto.cfg, with which the real clients talk to the emulator alone."""

from __future__ import annotations

import os

# These would send a client elsewhere, or hand it the credentials of whoever runs the tests
UNSET = ["BOTO_PATH", "CLOUDSDK_ACTIVE_CONFIG_NAME", "AWS_CA_BUNDLE"]


def boto_config(folder: str, https: int, certificate: str, http: int, key: str | None) -> str:
    """gsutil's own file; the JSON API is reached with TLS only."""
    lines = ["[Credentials]", "gs_json_host = 127.0.0.1", f"gs_json_port = {https}"]
    if key:
        lines.append(f"gs_service_key_file = {key}")
    lines += ["[Boto]", f"ca_certificates_file = {certificate}", "num_retries = 4"]
    lines += ["max_retry_delay = 2"]
    lines += ["[GSUtil]", "default_project_id = test-project"]
    lines += [f"state_dir = {os.path.join(folder, 'gsutil_state')}"]
    lines += ["software_update_check_period = 0"]
    if key:
        lines += ["[OAuth2]", f"provider_token_uri = http://127.0.0.1:{http}/token"]
    return "\n".join(lines) + "\n"


def rclone(http: int, key: str | None) -> dict[str, str]:
    """For every remote of the type, on-the-fly ones too, and one called TRAINGS."""
    settings = {"ENDPOINT": f"http://127.0.0.1:{http}/storage/v1/", "PROJECT_NUMBER": "1"}
    settings |= {"SERVICE_ACCOUNT_FILE": key} if key else {"ANONYMOUS": "true"}
    environment = {"RCLONE_CONFIG": "/dev/null"}
    environment["RCLONE_CONFIG_TRAINGS_TYPE"] = "google cloud storage"
    for name, value in settings.items():
        environment[f"RCLONE_GCS_{name}"] = value
        environment[f"RCLONE_CONFIG_TRAINGS_{name}"] = value
    return environment


def gcloud(folder: str, http: int, certificate: str | None, key: str | None) -> dict[str, str]:
    """gcloud storage, and what the Cloud SDK's wrapper around gsutil looks at."""
    environment = {
        "CLOUDSDK_CONFIG": os.path.join(folder, "cloudsdk"),
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": f"http://127.0.0.1:{http}/storage/v1/",
        "CLOUDSDK_CORE_PROJECT": "test-project",
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "1",
        "NO_PROXY": "127.0.0.1,localhost",
    }
    if certificate:  # the wrapper puts it over ca_certificates_file
        environment["CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE"] = certificate
    if key:
        environment["CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE"] = key
        environment["CLOUDSDK_AUTH_TOKEN_HOST"] = f"http://127.0.0.1:{http}/token"
        environment["GOOGLE_APPLICATION_CREDENTIALS"] = key
    else:
        environment["CLOUDSDK_AUTH_DISABLE_CREDENTIALS"] = "true"
        environment["GOOGLE_APPLICATION_CREDENTIALS"] = ""
    return environment


def write(
    folder: str, http: int, https: int | None, certificate: str | None, key: str | None
) -> dict[str, str]:
    """The environment; boto.cfg is written, and boto.wrong.cfg with a key that opens nothing."""
    environment = gcloud(folder, http, certificate, key) | rclone(http, key)
    if https and certificate:
        os.makedirs(os.path.join(folder, "gsutil_state"), exist_ok=True)
        wrong = key and os.path.join(folder, "wrong_key.json")
        for name, used in (("boto.cfg", key), ("boto.wrong.cfg", wrong)):
            path = os.path.join(folder, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(boto_config(folder, https, certificate, http, used))
        environment["BOTO_CONFIG"] = os.path.join(folder, "boto.cfg")
    return environment
