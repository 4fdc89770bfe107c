"""One object through a place outside the warehouse: written, listed, read and removed, or what is missing.

Two parties need access. This process writes with the credentials of its environment; Snowflake reads by the storage
integration, whose role (S3) or application (Azure) the cloud has to know. Errors are told apart by their words, which
are Snowflake's: each is answered with the line to run, filled with what DESC INTEGRATION tells.
"""

from __future__ import annotations

import gzip
import json
import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployments.storage import Place, Storage, StorageError
from flows.load.stage import name_stage
from flows.settings import LandingTarget, Settings
from flows.warehouse.errors import first_line
from flows.warehouse.scripts import SCRIPTS, run_scripts, stage_statements
from transforms.functions import Session

FOLDER = "_doctor"
_LOADER = "SNOWCAST_LOADER"


@dataclass(frozen=True)
class Probed:
    """What one step found.

    Args:
        step: write, list, read or remove.
        is_done: Whether it was done.
        detail: What was done; or what is missing, and the line to run.
    """

    step: str
    is_done: bool
    detail: str


def probe_place(session: Session, settings: Settings, target: LandingTarget) -> list[Probed]:
    """Write, list, read and remove one object; the steps up to the first that cannot be done.

    Args:
        session: Logged in to the warehouse as the flows are.
        settings: Name the database and the stages.
        target: A place outside the warehouse.
    """
    if target.place is None:
        return []
    storage, path = Storage(target.place), f"{FOLDER}/{uuid.uuid4().hex}.json.gz"
    try:
        _write(storage, path)
    except StorageError as error:
        return [Probed("write", False, explain_storage(error, target.place, "s3:PutObject"))]
    done = [Probed("write", True, f"{target.place.url}{path}")]
    try:
        done += _read_by_stage(session, settings, target, path)
    finally:
        done.append(_remove(storage, path))
    return done


def explain_storage(error: StorageError, place: Place, action: str) -> str:
    """Return what this process lacks, and how it is given."""
    if error.kind == "absent":
        made = {"s3": f"aws s3 mb s3://{place.bucket}", "file": f"mkdir -p /{place.prefix}"}.get(
            place.kind, f"az storage container create --account-name {place.account} --name {place.bucket}"
        )
        return f"{place.url} does not exist. Run: {made}"
    if error.kind == "denied" and place.kind == "s3":
        return (
            f"bucket policy: this process may not {action} ({error}). Allow it for the identity that "
            f"`aws sts get-caller-identity` names, on arn:aws:s3:::{place.bucket}/{place.within('*')}"
        )
    if error.kind == "denied":
        return (
            f"role assignment: this process may not use the container ({error}). Run: az role assignment create "
            f"--role 'Storage Blob Data Contributor' --assignee <its identity> --scope {_scope(place)}"
        )
    return f"{place.url} cannot be used: {error}"


def explain_stage(text: str, target: LandingTarget, told: Mapping[str, str], role: str = _LOADER) -> str:
    """Return what Snowflake lacks to read a place, and the line that gives it.

    Args:
        text: The first line of Snowflake's error.
        target: The place and its integration.
        told: What DESC INTEGRATION tells, as far as the role may ask.
        role: The role that the flows use.
    """
    assert target.place is not None
    place, name, said = target.place, target.integration or "", text.lower()
    if "integration" in said and "does not exist or not authorized" in said:
        return (
            f"integration or grant: {text} Run as ACCOUNTADMIN: GRANT USAGE ON INTEGRATION {name} TO ROLE {role}; "
            "where it does not exist, `snowcast deploy snowflake` makes it"
        )
    if "is not allowed by integration" in said or "location" in said and "not allowed" in said:
        listed = [one for one in told.get("STORAGE_ALLOWED_LOCATIONS", "").split(",") if one]
        locations = ", ".join(f"'{one}'" for one in (*listed, place.url))
        return (
            f"integration: {text} Run: ALTER STORAGE INTEGRATION {name} SET STORAGE_ALLOWED_LOCATIONS = ({locations})"
        )
    if "is disabled" in said:
        return f"integration: {text} Run: ALTER STORAGE INTEGRATION {name} SET ENABLED = TRUE"
    if "assum" in said and "role" in said:
        return f"trust: {text} Run: {_trust_role(told)}"
    if place.kind == "azure" and ("consent" in said or "aadsts" in said or "tenant" in said):
        page = told.get("AZURE_CONSENT_URL", "<AZURE_CONSENT_URL>")
        return f"trust: {text} Open as an administrator of the tenant: {page}"
    if "403" in said or "access denied" in said or "forbidden" in said or "authorization" in said:
        return f"bucket policy: {text} {_let_in(place, told)}"
    if "does not exist or not authorized" in said:
        return f"grant: {text} Run: GRANT USAGE ON STAGE {target.stage} TO ROLE {role}"
    return text


def _write(storage: Storage, path: str) -> None:
    with tempfile.TemporaryDirectory(prefix="snowcast-doctor-") as folder:
        file = Path(folder) / "object"
        file.write_bytes(gzip.compress(json.dumps({"written_by": "snowcast doctor", "path": path}).encode(), mtime=0))
        storage.send(file, path)


def _read_by_stage(session: Session, settings: Settings, target: LandingTarget, path: str) -> list[Probed]:
    """List and read the object through the stage, which is made where it is not there."""
    from snowflake.snowpark.exceptions import SnowparkSQLException

    stage, step = name_stage(settings.database, target), "list"
    done: list[Probed] = []
    try:
        run_scripts(session, settings, SCRIPTS)
        for statement in stage_statements(settings):
            if f".{target.stage} " in statement:
                session.sql(statement).collect()
        listed = [str(row[0]) for row in session.sql(f"LIST @{stage}/{FOLDER}/").collect()]
        is_there = any(name.endswith(path) for name in listed)
        done.append(Probed("list", is_there, f"@{stage}" if is_there else f"@{stage} does not show what was written"))
        step = "read"
        format_name = f"{settings.database}.RAW.NDJSON_GZ"
        rows = session.sql(f"SELECT $1:path::VARCHAR FROM @{stage}/{path} (FILE_FORMAT => '{format_name}')").collect()
        is_same = [row[0] for row in rows] == [path]
        done.append(Probed("read", is_same, "as it was written" if is_same else "is not what was written"))
    except SnowparkSQLException as error:
        told = _describe(session, target.integration)
        role = (session.get_current_role() or _LOADER).strip('"')
        done.append(Probed(step, False, explain_stage(_whole_text(error), target, told, role)))
    return done


def _remove(storage: Storage, path: str) -> Probed:
    try:
        storage.remove(path)
    except StorageError as error:
        return Probed("remove", False, explain_storage(error, storage.place, "s3:DeleteObject"))
    return Probed("remove", True, "nothing of it is left")


def _describe(session: Session, integration: str | None) -> dict[str, str]:
    """Return what DESC INTEGRATION tells; nothing where the role may not ask."""
    from snowflake.snowpark.exceptions import SnowparkSQLException

    if integration is None:
        return {}
    try:
        rows = session.sql(f"DESC INTEGRATION {integration}").collect()
    except SnowparkSQLException:
        return {}
    return {str(row["property"]): str(row["property_value"]) for row in rows}


def _trust_role(told: Mapping[str, str]) -> str:
    """Return the line that lets Snowflake's user assume the role."""
    role = told.get("STORAGE_AWS_ROLE_ARN", "<STORAGE_AWS_ROLE_ARN>").rpartition("/")[2]
    user, external_id = (
        told.get(f"STORAGE_AWS_{key}", f"<STORAGE_AWS_{key}>") for key in ("IAM_USER_ARN", "EXTERNAL_ID")
    )
    condition = {"StringEquals": {"sts:ExternalId": external_id}}
    policy = _allow({"Principal": {"AWS": user}, "Action": "sts:AssumeRole", "Condition": condition})
    return f"aws iam update-assume-role-policy --role-name {role} --policy-document '{policy}'"


def _let_in(place: Place, told: Mapping[str, str]) -> str:
    """Return the line that lets the integration's identity list and read the place."""
    if place.kind != "s3":
        application = told.get("AZURE_MULTI_TENANT_APP_NAME", "<AZURE_MULTI_TENANT_APP_NAME>").partition("_")[0]
        return (
            "Run: az role assignment create --role 'Storage Blob Data Reader' "
            f"--assignee <object id of the service principal {application}> --scope {_scope(place)}"
        )
    role = told.get("STORAGE_AWS_ROLE_ARN", "<STORAGE_AWS_ROLE_ARN>").rpartition("/")[2]
    bucket = f"arn:aws:s3:::{place.bucket}"
    policy = _allow(
        {"Action": ["s3:GetObject", "s3:GetObjectVersion"], "Resource": f"{bucket}/{place.within('*')}"},
        {"Action": ["s3:ListBucket", "s3:GetBucketLocation"], "Resource": bucket},
    )
    return f"Run: aws iam put-role-policy --role-name {role} --policy-name snowcast --policy-document '{policy}'"


def _allow(*statements: Mapping[str, Any]) -> str:
    """Return a policy of AWS that allows these."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]})


def _scope(place: Place) -> str:
    return f"<resource id of storage account {place.account}>/blobServices/default/containers/{place.bucket}"


def _whole_text(error: Exception) -> str:
    """Return an error in one line; Snowflake's stand in the second one, behind `SQL compilation error:`."""
    text = " ".join(str(error).split())
    return text if "integration" in text.lower() or "Cause" in text else first_line(error)
