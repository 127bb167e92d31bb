# The fakecloud image, for every machine with Docker: docker build -t fakecloud .
# Both images are pinned by the digest of their index. To move on: docker buildx imagetools inspect <name>:<tag>
ARG BUILD_IMAGE=docker.io/library/rust:1.96-bookworm@sha256:a339861ae23e9abb272cea45dfafde21760d2ce6577a70f8a926153677902663
# glibc, CA certificates and the user 65532; no shell.
ARG BASE_IMAGE=gcr.io/distroless/cc-debian12:nonroot@sha256:9dac0a79194e45a7da0158a9c6da57b217585af0786db3845d1f0ec1a0dd182f

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY . .
RUN cargo build --profile dist --locked --package fakecloud-server

FROM ${BASE_IMAGE}
COPY --from=build /src/target/dist/fakecloud /usr/local/bin/fakecloud
EXPOSE 4566
ENTRYPOINT ["/usr/local/bin/fakecloud"]
