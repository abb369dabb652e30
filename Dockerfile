# The server in a container: docker compose up (compose.yaml has the database and the token).
# A machine without a GPU saves gigabytes: --build-arg INDEX=<PyTorch's CPU wheel index>
FROM python:3.11-slim

ARG INDEX=""
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src ./src
COPY recipes ./recipes
COPY samples ./samples
COPY schemas ./schemas
RUN pip install --no-cache-dir ${INDEX:+--extra-index-url "$INDEX"} -c constraints.txt ".[web,postgres]" \
    && useradd --create-home --uid 10001 momentvos \
    && install -d -o momentvos -g momentvos /data /models

USER momentvos
ENV MOMENTVOS_HOME=/models
VOLUME ["/data", "/models"]
EXPOSE 8600
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8600/healthz', timeout=4)"]
ENTRYPOINT ["momentvos", "serve", "--host", "0.0.0.0", "--data", "/data", "--token-file", "/run/secrets/momentvos_token"]
