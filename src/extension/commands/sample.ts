import { randomUUID } from 'node:crypto';

export interface SampleRequest {
  readonly url: string;
  readonly method: 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A small event as GitHub sends it, unsigned, for the tunnel at `publicUrl`. */
export function sampleRequest(
  publicUrl: string,
  now = new Date(),
  delivery = randomUUID(),
): SampleRequest {
  const event = {
    action: 'opened',
    issue: {
      number: 42,
      title: 'A sample issue from Caronte',
      state: 'open',
      html_url: 'https://github.com/octocat/hello-world/issues/42',
      user: { login: 'octocat', id: 583231 },
      labels: [{ name: 'good first issue', color: '7057ff' }],
      created_at: now.toISOString(),
    },
    repository: { id: 1296269, full_name: 'octocat/hello-world', private: false },
    sender: { login: 'octocat', id: 583231 },
  };
  return {
    url: `${publicUrl.replace(/\/$/, '')}/webhooks/github`,
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'User-Agent': 'GitHub-Hookshot/caronte-sample',
      'X-GitHub-Event': 'issues',
      'X-GitHub-Delivery': delivery,
      'X-GitHub-Hook-ID': '1',
    },
    body: JSON.stringify(event),
  };
}
