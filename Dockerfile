# syntax=docker/dockerfile:1

# Built for the version and the architecture it runs on; the lock holds the hash of every file.
FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
RUN python -m venv /opt/mbx
COPY requirements.lock requirements-build.lock ./
RUN /opt/mbx/bin/pip install --require-hashes --requirement requirements.lock \
 && python -m pip install --require-hashes --requirement requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY controller ./controller
COPY specs ./specs
RUN python -m pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/mbx/bin/pip install --no-deps --no-index /wheels/*.whl \
 && /opt/mbx/bin/pip uninstall --yes pip \
 && python -m compileall -q /opt/mbx/lib

FROM python:3.12-slim
# git reads the specs at their commit, over ssh where they are fetched that way. safe.directory: a mounted
# folder belongs to another user than the one inside, which git would refuse.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends git gpg openssh-client \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 mbx \
 && useradd --uid 10001 --gid 10001 --home-dir /var/lib/mailbox-controller --no-create-home --shell /usr/sbin/nologin mbx \
 && install -d -o 10001 -g 10001 -m 0700 /var/lib/mailbox-controller \
 && install -d -o 10001 -g 10001 -m 0755 /specs \
 && git config --system safe.directory /specs
COPY --from=build /opt/mbx /opt/mbx
ENV PATH=/opt/mbx/bin:$PATH \
    HOME=/var/lib/mailbox-controller \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MBX_STATE_URL=sqlite:////var/lib/mailbox-controller/journal.db \
    MBX_SPECS=/specs \
    GIT_OPTIONAL_LOCKS=0
# The root file system may be read-only: what is written goes into this volume and /tmp.
VOLUME ["/var/lib/mailbox-controller"]
WORKDIR /specs
USER 10001:10001
# Does the program start? A run's own result is its exit status.
HEALTHCHECK --interval=5m --timeout=30s CMD ["mbx", "--version"]
ENTRYPOINT ["mbx"]
CMD ["--help"]
LABEL org.opencontainers.image.title="mailbox-controller" \
      org.opencontainers.image.description="Microsoft 365 team mailboxes kept in git: plan, review, apply, heal" \
      org.opencontainers.image.licenses="Apache-2.0"
