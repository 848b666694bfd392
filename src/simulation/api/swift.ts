import type { ApiContext } from './context/api-context.ts';
import { ApiError, type Answer, type ApiRequest } from './context/exchange.ts';
import { OBJECT_STORE_PATH } from './keystone/keystone-catalog.ts';

/** Swift's part of the simulated APIs: `HEAD /object-store/v1/AUTH_PROJECT`. The answer has only headers. */
export function answerSwift(request: ApiRequest, context: ApiContext): Answer {
  const token = context.tokens.find(request.headers['x-auth-token'], context.nowMs);
  if (token === undefined) throw plain(401);
  const projectId = new RegExp(`^${OBJECT_STORE_PATH}/AUTH_([^/]+)$`).exec(request.path)?.[1];
  const { services, model, nowMs } = context;
  if (projectId === undefined || services.objectStore === 'missing') throw plain(404);
  const isOwn = projectId === token.user.project.id;
  if (services.objectStore === 'forbidden' || (token.user.role !== 'admin' && !isOwn)) throw plain(403);
  const stored = model.belongings(nowMs, nowMs).storedBytes.find((entry) => entry.projectId === projectId);
  const amount = stored?.amounts.findLast(({ atMs }) => atMs <= nowMs);
  if (amount === undefined) throw plain(404);
  const headers = { 'X-Account-Bytes-Used': String(amount.bytes), 'X-Account-Container-Count': '1' };
  return { status: 204, headers, body: '' };
}

/** Swift's errors are HTML pages. */
function plain(status: number): ApiError {
  return new ApiError({ status, body: `<html><h1>${status}</h1></html>` });
}
