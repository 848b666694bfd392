# The image of stackmeter, for all roles: `docker run stackmeter ROLE …`. It contains no secret.
# Exporter and portal listen on loopback by default: add `--listen :8080` or `--listen :8000` to publish a port.
#
#   docker build -t stackmeter .

# The base image, by its digest. For an engine without a registry: --build-arg NODE_IMAGE=node:26.11.1-bookworm-slim.
ARG NODE_IMAGE
FROM ${NODE_IMAGE:-node:26.11.1-bookworm-slim@sha256:86f07bc9c5dce4578cf37e5a418b7bfc7f817cda25cde66e2b66e95ed86c4567} AS node

FROM node AS packages
WORKDIR /app
COPY package.json package-lock.json ./

# For development, with the sources mounted over src/: tsx restarts a role when they change.
FROM packages AS development
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node_modules/.bin/vite build web --logLevel warn && mkdir /var/lib/stackmeter && chown node:node /var/lib/stackmeter
USER node
ENTRYPOINT ["node_modules/.bin/tsx", "watch", "--clear-screen=false", "src/cli/main.ts"]

FROM packages AS build
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY web web
RUN npm run build

# Without the embedded PostgreSQL: in containers, PostgreSQL has its own container (DATABASE_URL).
FROM packages AS production-packages
RUN npm ci --ignore-scripts --omit=dev --omit=optional --no-audit --no-fund

FROM node
# The version of package.json, as `npm run release` gives it; empty in other builds.
ARG VERSION
LABEL org.opencontainers.image.title="stackmeter" \
      org.opencontainers.image.description="Federated metering of what projects use on OpenStack clouds" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
WORKDIR /app
COPY --from=production-packages /app/node_modules node_modules
COPY package.json LICENSE ./
COPY --from=build /app/dist dist
COPY deploy deploy
# A named volume that is mounted here belongs to this user.
RUN mkdir /var/lib/stackmeter && chown node:node /var/lib/stackmeter
USER node
EXPOSE 8080 8443 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["node", "deploy/image/health.mjs"]
ENTRYPOINT ["node", "dist/cli/main.js"]
