"""How much more a map lies on the object if the net is about the object (task 17.6)."""


def size_of(maps):
    """Return the size of each pixel, (N, P)."""
    return maps.abs().sum(1).flatten(1)


def to_mean_one(sizes):
    """Scale each map so that its mean size is 1."""
    return sizes / sizes.mean(1, keepdim=True)


def mean_inside(scaled, inside):
    """Return the mean over the object, (N,)."""
    return (scaled * inside).sum(1) / inside.sum(1)


def contrast(
    object_maps,
    scene_maps,
    masks,
    *,
    size=size_of,
    scale=to_mean_one,
    read=mean_inside,
    compare=lambda one, other: one - other,
):
    """Return the mean scaled size on the object, object net minus scene net, (N,)."""
    inside = masks.flatten(1)
    one, other = (read(scale(size(maps)), inside) for maps in (object_maps, scene_maps))
    return compare(one, other)
