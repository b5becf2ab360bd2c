"""Where this deployment keeps its files."""

import importlib.util
from pathlib import Path

from visavis.core.errors import InvalidSettings, Unavailable
from visavis.core.settings import BlobOptions
from visavis.store.blobs import disk
from visavis.store.blobs.base import Blobs
from visavis.store.blobs.files import FileBlobs


def open_blobs(options: BlobOptions, folder: Path) -> Blobs:
    """Return what keeps the files; it is made sure that it can be used.

    Args:
        options: The group `blobs` of the settings. Keys of the S3 API come from where boto3 looks
            for them: `AWS_ACCESS_KEY_ID` and its like, profiles, the machine's role.
        folder: The folder of the files; with S3 the folder in which they wait while they come in.

    Raises:
        InvalidSettings: the bucket or the keys are missing or wrong, or boto3 is not installed.
        Unavailable: the folder or the S3 end cannot be used.
    """
    try:
        disk.make_root(folder)
    except OSError as exc:
        raise Unavailable(
            f"the folder of files {folder} cannot be used ({exc.strerror}); set VISAVIS_DATA to a "
            "folder that can be written"
        ) from exc
    if options.kind == "files":
        return FileBlobs(folder)
    if importlib.util.find_spec("boto3") is None:
        raise InvalidSettings(
            "VISAVIS_BLOBS__KIND is s3 but boto3 is not installed: pip install 'visavis[s3]', or "
            "set it to files"
        )
    from visavis.store.blobs.s3_opening import open_bucket

    return open_bucket(options, folder)
