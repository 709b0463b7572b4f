"""scANVI: a variational autoencoder of counts that known labels help to shape (Xu et al. 2021).

`method` is the slide; `network` the layers, `likelihood` and `losses` the objective, `minibatches` and `training` how
it is lowered, `readout` what is read off afterwards. Only these import torch, and only once a run starts.
"""

from scint_core.methods.scanvi.method import METHOD

__all__ = ["METHOD"]
