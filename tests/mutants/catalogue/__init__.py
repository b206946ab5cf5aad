"""All mutants that are made by hand, by name."""

from tests.mutants.catalogue import answers, etcd, flags, lives, people, reads, storage, streams
from tests.mutants.mutant import Mutant

_ALL: tuple[Mutant, ...] = (
    *answers.MUTANTS,
    *reads.MUTANTS,
    *streams.MUTANTS,
    *lives.MUTANTS,
    *storage.MUTANTS,
    *etcd.MUTANTS,
    *flags.MUTANTS,
    *people.MUTANTS,
)

MUTANTS: dict[str, Mutant] = {mutant.name: mutant for mutant in _ALL}
if len(MUTANTS) != len(_ALL):
    raise RuntimeError("two mutants have one name")
