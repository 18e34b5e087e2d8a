"""A simulator: scenarios on one setting, whoever replicates them."""

from dataclasses import dataclass, replace
from pathlib import Path

from scheduler.simulation.profile import Setting
from scheduler.simulation.replications import Pool, Progress, Source, replicated, study_of
from scheduler.simulation.results import Results, legend_of, results_of
from scheduler.simulation.scenario import Scenario
from scheduler.stopping import Stop, never


@dataclass(frozen=True, slots=True)
class Simulator:
    """Replicates scenarios on a setting; finished replications are kept in ``folder``."""

    source: Source
    setting: Setting
    pool: Pool
    folder: Path | None = None
    stop: Stop = never

    def results(
        self,
        scenario: Scenario,
        replications: int | None = None,
        progress: Progress = lambda _done, _of: None,
    ) -> Results:
        """Return what comes of ``scenario``, in as many replications as it says unless given.

        Raises
        ------
        ScenarioError
            When the scenario names what the setting or the register does not know.
        BrokenExecutor, CancelledError
            As :func:`scheduler.simulation.replications.replicated`.
        """
        study = study_of(scenario, self.source, self.setting)
        if replications is not None:
            study = replace(study, replications=replications)
        tallies = replicated(study, self.pool, self.folder, progress=progress, stop=self.stop)
        return results_of(tallies, legend_of(scenario, self.setting, self.source.register))
