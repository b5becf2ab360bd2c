# The image of every service; which one it is, its command says. Weights are not in it: they are
# pulled into a volume, see compose.yaml.

FROM python:3.13-slim AS built
WORKDIR /source
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /visavis
COPY pyproject.toml constraints.txt README.md CHANGELOG.md LICENSE NOTICE ./
COPY src src
RUN /visavis/bin/pip install --constraint constraints.txt '.[postgres,s3]'

FROM python:3.13-slim
COPY --from=built /visavis /visavis
RUN install --directory --owner 10001 --group 10001 --mode 0700 /data /weights
ENV PATH=/visavis/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    VISAVIS_DATA=/data \
    VISAVIS_CACHE=/weights
USER 10001:10001
WORKDIR /data
EXPOSE 8000 50051
ENTRYPOINT ["visavis"]
CMD ["serve", "--host", "0.0.0.0"]
