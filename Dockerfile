# 429chain for a server: docker compose up (docs/docker.md).

FROM python:3.13-slim AS build

# Bytecode is written now: later nobody may write.
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore

RUN python -m venv --without-pip /opt/429chain

WORKDIR /source
# The dependencies, pinned and with hashes: a layer that an edit of the program leaves alone.
COPY requirements/base.txt requirements/
RUN python -m pip --python /opt/429chain/bin/python install --require-hashes --only-binary :all: \
      -r requirements/base.txt

COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY proxy proxy
COPY screens screens
COPY store store
RUN python -m pip --python /opt/429chain/bin/python install --no-deps .


FROM python:3.13-slim

ARG VERSION=unknown
LABEL org.opencontainers.image.title="429chain" \
      org.opencontainers.image.description="One OpenAI-compatible address for all your free LLM accounts" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}"

COPY --from=build /opt/429chain /opt/429chain

# Inside a container every address is the container's own; what reaches it is decided by the ports
# that are published. No key is set here: the first start generates them, into /data/config.toml.
ENV PATH=/opt/429chain/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CHAIN429_CONFIG=/data/config.toml \
    CHAIN429_DATA_DIR=/data \
    CHAIN429_SERVER__HOST=0.0.0.0

# Config and database. A new volume takes over owner and mode of the folder that stands here. None is
# declared: an anonymous one would hide that a container was started without a place for its data.
RUN install --directory --owner=1000 --group=1000 --mode=0700 /data
USER 1000:1000
WORKDIR /data

EXPOSE 4290 4291
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
  CMD ["python", "-m", "chain429.app.health"]
ENTRYPOINT ["429chain", "--no-tui"]
