"""The hub library's many errors as the few that a person can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dream_sft.io.errors import NetworkError, SpecError, is_disk_full

REFUSED_STATUS = frozenset({401, 403, 404})


@contextmanager
def typed_hub_errors(repo: str, revision: str) -> Iterator[None]:
    """Raises SpecError for what another try cannot mend, NetworkError for the rest.

    A full disk goes on as the OSError it is.
    """
    import httpx2
    from huggingface_hub import errors as hub

    try:
        yield
    except hub.GatedRepoError as error:
        raise SpecError(
            f"{repo}: its owner wants you to ask for access; then set HF_TOKEN"
        ) from error
    except hub.RevisionNotFoundError as error:
        raise SpecError(f"{repo}: has no revision {revision!r}; correct source.revision") from error
    except hub.RepositoryNotFoundError as error:
        raise SpecError(
            f"{repo}: not on the hub, or private; correct source.repo and repoType, or set HF_TOKEN"
        ) from error
    except hub.HFValidationError as error:
        raise SpecError(f"{repo}: {_first_line(error)}; correct source.repo") from error
    except hub.HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else None
        if status in REFUSED_STATUS:
            raise SpecError(f"{repo}: the hub answers {status}; {_first_line(error)}") from error
        raise NetworkError(f"{repo}: the hub answers {status or 'nothing'}; try again") from error
    except (hub.OfflineModeIsEnabled, hub.LocalEntryNotFoundError, httpx2.HTTPError) as error:
        raise _unreachable(repo, error) from error
    except OSError as error:
        if is_disk_full(error):
            raise
        raise _unreachable(repo, error) from error


def _unreachable(repo: str, error: Exception) -> NetworkError:
    return NetworkError(
        f"{repo}: the hub cannot be reached ({_first_line(error)}); check the connection, or set "
        "HF_ENDPOINT to a mirror"
    )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
