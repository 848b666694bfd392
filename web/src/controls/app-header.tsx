export function AppHeader() {
  return (
    <header class="app-header">
      <a class="brand" href="#/">
        <img src="./favicon.svg" width="28" height="28" alt="" />
        stackmeter
      </a>
      <nav aria-label="Main">
        <a href="api/openapi.json">API</a>
      </nav>
    </header>
  );
}
