// Which requests somebody asks for, as the admin API understands it.

/** Whether a request that has just ended is one of those that are asked for. */
export function isAskedFor(request, { q, chain, provider, status }) {
  const asked = request.trail
    .filter(([, outcome]) => outcome !== "not-tried" && !outcome.startsWith("skipped:"))
    .map(([entry]) => entry);
  const of = (entry) => entry.slice(0, entry.indexOf("/"));
  const text = [request.id, request.client, request.agent, request.chain, request.entry ?? ""];
  return (
    (!chain || request.chain === chain) &&
    (!provider || asked.some((entry) => of(entry) === provider)) &&
    (!status ||
      request.outcome === status ||
      String(request.status) === status ||
      `${String(request.status)[0]}xx` === status) &&
    (!q || text.some((one) => one.toLowerCase().includes(q.toLowerCase())))
  );
}
