# SPDX-License-Identifier: Apache-2.0
# HALO's interface to its agents as its peers see it on the wire; the ids are HALO's.
@0x9663f4dd604afa35;

enum Operation @0x9720766d15d2f81b {
  monitor @0;
  start @1;
  stop @2;
}

struct Argument @0x89bada890c7f2d67 {
  key @0 :Text;
  value @1 :Text;
}

struct OcfError @0xa16990fdc129eebb {
  code @0 :Int32;
  message @1 :Text;
}

struct InnerResult @0xe9aad0e09a82cd46 {
  union {
    innerOk @0 :Void;
    innerErr @1 :OcfError;
  }
}

struct Result @0xa656b245120548b6 {
  union {
    ok @0 :InnerResult;
    err @1 :Text;
  }
}

interface OcfResourceAgent @0xa5e953dbf2f8dbfe {
  operation @0 (resource :Text, op :Operation, args :List(Argument)) -> (result :Result);
  # Not one of HALO's: what an agent says to a method that it does not know.
  unknown @1 ();
}
