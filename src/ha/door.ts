// SPDX-License-Identifier: Apache-2.0
/**
 * At which door a request came in, and what whoever stands there may do. The routes are the same at
 * every door; who may not order can only look, and sees nothing that may be secret.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { MiddlewareHandler } from 'hono';
import type { Operator } from './shell/operators.ts';

export type Visitor =
  | { readonly may: 'nothing' | 'look'; readonly why: string }
  | { readonly may: 'order'; readonly sign: (claim: string) => Promise<Operator> };

/** `main`: for operators. `view`: for everybody, for looking only. */
export type DoorName = 'main' | 'view';

export type Door = {
  readonly name: DoorName;
  readonly receive: (incoming: IncomingMessage) => Promise<Visitor>;
};

export type DoorEnv = {
  Bindings: { incoming: IncomingMessage; outgoing: ServerResponse };
  Variables: { visitor: Visitor };
};

/** Lets in who may do what he came for. */
export function guard({ receive }: Door): MiddlewareHandler<DoorEnv> {
  return async (c, next) => {
    const visitor = await receive(c.env.incoming);
    const { method } = c.req;
    const isLook = method === 'GET' || method === 'HEAD';
    if (visitor.may === 'nothing' || (visitor.may === 'look' && !isLook))
      return c.json({ code: 'forbidden', message: visitor.why }, 403);
    c.set('visitor', visitor);
    return next();
  };
}

/** Only for requests that a guard let in to order something. */
export function signedBy(visitor: Visitor, claim: string): Promise<Operator> {
  if (visitor.may === 'order') return visitor.sign(claim);
  throw new Error('an order went past the guard');
}
