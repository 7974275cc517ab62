# An image of crashgate and nothing else: no shell, no package manager, nobody but an unprivileged user.
#
#     docker build -t registry.example.com/crashgate:0.1.0 .
FROM rust:1.95-alpine AS build
# The TLS library is built from C and assembler; musl makes the binary static.
RUN apk add --no-cache gcc musl-dev ca-certificates
WORKDIR /crashgate
COPY . .
# Cargo forgets the profile's `strip` for a package that has settings of its own.
RUN RUSTFLAGS="-C strip=symbols" cargo build --release --locked --bin crashgate

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /crashgate/target/release/crashgate /usr/local/bin/crashgate
ENV PATH=/usr/local/bin
USER 65532:65532
ENTRYPOINT ["crashgate"]
