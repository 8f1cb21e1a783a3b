import { github, type SignedRequest, shopify, slack, standardWebhooks, stripe } from "unigate/webhooks";
import { describe, expect, it } from "vitest";

/** A request as a sender signed it, and when. */
function signed(body: string, headers: Record<string, string>): SignedRequest {
  return { body: Buffer.from(body), header: (name) => headers[name] };
}

const slackBody =
  "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar" +
  "&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=" +
  "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN" +
  "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";

/** The senders' own published examples; those of Stripe and Shopify, who publish none, made with `openssl dgst -sha256 -hmac`. */
const senders = [
  {
    name: "Standard Webhooks",
    make: standardWebhooks,
    secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    otherSecret: "whsec_AAAA9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    seconds: 1_614_265_330,
    body: '{"test": 2432232314}',
    headers: {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    },
    signature: "webhook-signature",
    wrong: "v1,h0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    signsTime: true,
  },
  {
    name: "GitHub",
    make: github,
    secret: "It's a Secret to Everybody",
    otherSecret: "another",
    seconds: 0,
    body: "Hello, World!",
    headers: { "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17" },
    signature: "x-hub-signature-256",
    wrong: "sha256=857107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    signsTime: false,
  },
  {
    name: "Slack",
    make: slack,
    secret: "8f742231b10e8888abcd99yyyzzz85a5",
    otherSecret: "another",
    seconds: 1_531_420_618,
    body: slackBody,
    headers: {
      "x-slack-request-timestamp": "1531420618",
      "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    },
    signature: "x-slack-signature",
    wrong: "v0=b2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    signsTime: true,
  },
  {
    name: "Stripe",
    make: stripe,
    secret: "whsec_test_secret",
    otherSecret: "whsec_another",
    seconds: 1_492_774_577,
    body: '{"id":"evt_1","object":"event"}',
    headers: {
      "stripe-signature":
        "t=1492774577,v1=654b43d3508ecadb3f8cefc4bc7d3d2bdc5ba9e03bf2c89b2d0657a8e24e4543,v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39",
    },
    signature: "stripe-signature",
    wrong: "t=1492774577,v1=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39",
    signsTime: true,
  },
  {
    name: "Shopify",
    make: shopify,
    secret: "hush",
    otherSecret: "another",
    seconds: 0,
    body: '{"id":820982911946154508}',
    headers: { "x-shopify-hmac-sha256": "qBvrsZF7RfB1iS6BX6IHqJTp5L911P7intnPeTPsH0I=" },
    signature: "x-shopify-hmac-sha256",
    wrong: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    signsTime: false,
  },
] as const;

describe.each(senders)("a request of $name", ({ make, secret, otherSecret, seconds, body, headers, signature, wrong }) => {
  const date = seconds * 1000;
  const genuine = signed(body, headers);

  it("is taken when it is signed with the secret, also while another secret replaces it", () => {
    expect(make({ secret }).refusal(genuine, date)).toBeUndefined();
    expect(make({ secret: [otherSecret, secret] }).refusal(genuine, date)).toBeUndefined();
  });

  it("is refused with one changed byte, another secret, a changed signature or none", () => {
    expect(make({ secret }).refusal(signed(`${body} `, headers), date)).toContain("does not match");
    expect(make({ secret: otherSecret }).refusal(genuine, date)).toContain("does not match");
    expect(make({ secret }).refusal(signed(body, { ...headers, [signature]: wrong }), date)).toContain("does not match");
    for (const nonsense of ["", "=", "sha256=", "v1,", "v0=zz", "t=,v1="]) {
      expect(make({ secret }).refusal(signed(body, { ...headers, [signature]: nonsense }), date)).toEqual(expect.any(String));
    }
    expect(make({ secret }).refusal(signed(body, {}), date)).toContain("it has no");
  });

  it("needs a secret that is one", () => {
    expect(make({ secret }).check?.()).toEqual([]);
    for (const none of ["", [], undefined as never]) expect(make({ secret: none }).check?.()).toMatchObject([{ path: "secret" }]);
  });
});

describe.each(senders.filter(({ signsTime }) => signsTime))("the time that $name signs", ({ make, secret, seconds, body, headers }) => {
  it("may be five minutes off, early or late, unless another tolerance is named", () => {
    const genuine = signed(body, headers);
    const date = seconds * 1000;
    const sender = make({ secret });
    for (const apart of [-300, 300]) expect(sender.refusal(genuine, date + apart * 1000)).toBeUndefined();
    for (const apart of [-301, 301]) expect(sender.refusal(genuine, date + apart * 1000)).toBe("its timestamp is 301 s off");
    const strict = make({ secret, tolerance: "10s" });
    expect([strict.refusal(genuine, date + 10_000), strict.refusal(genuine, date + 11_000)]).toEqual([
      undefined,
      "its timestamp is 11 s off",
    ]);
  });
});

it("takes one of several signatures, which senders send while they change a secret", () => {
  const [standard] = senders;
  const many = `v1,AAAA v1a,BBBB ${standard.headers["webhook-signature"]}`;
  const request = signed(standard.body, { ...standard.headers, "webhook-signature": many });
  expect(standardWebhooks({ secret: standard.secret }).refusal(request, standard.seconds * 1000)).toBeUndefined();
});

it("tells a tolerance that is none, and a secret that is not the sender's", () => {
  expect(stripe({ secret: "s", tolerance: "soon" }).check?.()).toMatchObject([{ path: "tolerance" }]);
  expect(standardWebhooks({ secret: "not base64!" }).check?.()).toMatchObject([{ path: "secret" }]);
});
