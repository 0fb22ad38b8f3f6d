ARG PYTHON_VERSION=3.12

FROM python:${PYTHON_VERSION}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY . .
RUN pip wheel --quiet --no-deps --wheel-dir /wheel . \
    && python -m venv --without-pip /opt/mockserver \
    && pip --python /opt/mockserver/bin/python install --quiet --no-compile --constraint constraints.txt "$(ls /wheel/*.whl)[tls]" \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/mockserver \
    && /opt/mockserver/bin/mockserver routes > /routes.txt \
    && /opt/mockserver/bin/mockserver check demo # both read files once, and keep them beside the bytecode

FROM python:${PYTHON_VERSION}-slim
# The base image ships its standard library without bytecode, and a read-only container could never write any.
RUN python -m compileall -q -j 0 -x '/(site|dist)-packages/|/test/|/idlelib/|/tkinter/|/lib2to3/' \
    "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
COPY --from=build /opt/mockserver /opt/mockserver
ENV PATH=/opt/mockserver/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 MOCKSERVER_HOST=0.0.0.0
LABEL org.opencontainers.image.title="mockserver" org.opencontainers.image.licenses="MIT"
USER 65532:65532
WORKDIR /
EXPOSE 8080 8443
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=1s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import http.client, os; ask = http.client.HTTPConnection('127.0.0.1', int(os.getenv('MOCKSERVER_PORT', '8080')), timeout=2); ask.request('GET', '/readyz'); raise SystemExit(ask.getresponse().status != 200)"]
ENTRYPOINT ["mockserver"]
CMD ["serve"]
