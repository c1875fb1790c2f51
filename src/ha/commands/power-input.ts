// SPDX-License-Identifier: Apache-2.0
/** What is typed with `aureole power` where no manager is asked: whose fence devices, and HALO's way to name one. */
import { z } from 'zod';
import { DEFAULT_CONFIG } from '../places.ts';

export const DEVICE_INPUT = {
  config: z.string().min(1, 'write the path of a file').optional(),
  fenceAgent: z.enum(['powerman', 'redfish'], 'write powerman or redfish').optional(),
  username: z.string().min(1, 'write a name').optional(),
  password: z.string().optional(),
  passwordFile: z.string().min(1, 'write the path of a file, or -').optional(),
  verbose: z.boolean().default(false),
};
export const DEVICE_OPTIONS = [
  { flags: '-v, --verbose', description: 'tell what each fence device says' },
  {
    flags: '--config <file>',
    description: `where no manager is: whose fence devices (default: $AUREOLE_CONFIG, else ${DEFAULT_CONFIG})`,
  },
  {
    flags: '-f, --fence-agent <name>',
    description: 'directly by powerman or redfish, for hosts that no manager knows',
  },
  { flags: '-l, --username <name>', description: 'for --fence-agent' },
  {
    flags: '--password-file <file>',
    description: 'for --fence-agent; - is standard input (or AUREOLE_FENCE_PASSWORD, or typed)',
  },
  { flags: '-p, --password <password>', description: 'the same, seen by everybody (ps)' },
] as const;
