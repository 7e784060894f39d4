# The image of every process of ours. The packages come from a lock file with hashes, our sources are copied as they are.
FROM python:3.11-slim AS packages
RUN python -m venv /opt/venv
COPY requirements/runtime.txt /tmp/
RUN /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary :all: \
        --requirement /tmp/runtime.txt

FROM python:3.11-slim
RUN useradd --uid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin kingpost
COPY --from=packages /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY activities/ activities/
COPY bench/ bench/
COPY chaos/ chaos/
COPY commands/ commands/
COPY connectors/ connectors/
COPY demo/ demo/
COPY domain/ domain/
COPY flows/ flows/
COPY sandbox/ sandbox/
COPY store/ store/
COPY workflows/ workflows/
COPY builds.py cli.py leaving.py logs.py settings.py worker.py ./
COPY deploy/__init__.py deploy/health.py deploy/prepare.py deploy/promote.py deploy/
COPY --chmod=755 deploy/kingpost.sh /usr/local/bin/kingpost
RUN python -m compileall -q -j 0 /app
USER kingpost
STOPSIGNAL SIGTERM
CMD ["python", "worker.py"]
