# The image of server and worker: two static binaries and the certificates that they trust, nothing else.
#
#   docker build --build-arg VERSION=v1.2.3 -t registry.example.com/keybuzz/marketplaces:v1.2.3 .

# The machine that builds cross-compiles for the one that runs.
FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION
ARG TARGETOS
ARG TARGETARCH
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath \
    -ldflags="-s -w -X github.com/keybuzzio/marketplaces/app/boot.release=${VERSION:?give --build-arg VERSION}" \
    -o /out/ ./cmd/server ./cmd/worker

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/server /out/worker /
# A number, so that Kubernetes can see that it is not root.
USER 65532:65532
EXPOSE 4000 9090
ENTRYPOINT ["/server"]
