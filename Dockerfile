# The fakecloud image, for every machine with Docker: docker build -t fakecloud .
FROM docker.io/library/rust:1-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --profile dist --locked --package fakecloud-server

# glibc, CA certificates and the user 65532; no shell.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/target/dist/fakecloud /usr/local/bin/fakecloud
EXPOSE 4566
ENTRYPOINT ["/usr/local/bin/fakecloud"]
