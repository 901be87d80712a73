"""What scikit-learn hands on to the methods of an estimator where metadata routing is enabled."""

from __future__ import annotations

from typing import Any

__all__ = ["Weighted"]


class Weighted:
    """Of estimators whose ``score`` takes weights."""

    def get_metadata_routing(self) -> Any:
        """What scikit-learn's tools may hand on: to ``score`` its weights, once :meth:`set_score_request` has told whether."""
        from sklearn.utils.metadata_routing import MetadataRequest, get_routing_for_object

        requests = vars(self).get("_metadata_request")
        if requests is None:
            requests = MetadataRequest(owner=type(self).__name__)
            requests.score.add_request(param="sample_weight", alias=None)
        return get_routing_for_object(requests)

    def set_score_request(self, *, sample_weight: bool | str | None) -> Any:
        """Tell scikit-learn's tools whether they hand weights on to ``score``; give the estimator back.

        Parameters
        ----------
        sample_weight : bool, str or None
            Yes, no, the name by which the tool is given them, or None to refuse weights that nothing was said of.
        """
        requests = self.get_metadata_routing()
        requests.score.add_request(param="sample_weight", alias=sample_weight)
        self._metadata_request = requests
        return self
